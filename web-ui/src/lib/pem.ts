/* The fingerprint of a public key in PEM: SHA-256 of its DER SubjectPublicKeyInfo, which is how the gateway names it. */

/* "": this is no public key in PEM. */
export async function keyidOf(pem: string): Promise<string> {
  const found = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/.exec(pem);
  if (!found) return '';
  try {
    const der = Uint8Array.from(atob(found[1]!.replace(/\s/g, '')), (character) => character.charCodeAt(0));
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', der));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  } catch {
    return '';
  }
}
