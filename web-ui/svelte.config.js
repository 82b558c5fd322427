import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { readdirSync } from 'node:fs';

/* Scopes of styles as short as can be, since they stand in every element and rule; by name, so a build can be repeated.
   No class of ours begins with an underscore. */
const names = readdirSync(new URL('src', import.meta.url), { recursive: true }).filter((name) => name.endsWith('.svelte')).sort();
const scopes = new Map(names.map((name, n) => [name, `_${n.toString(36)}`]));
const cssHash = ({ filename, css, hash }) => scopes.get(filename.replace(/^.*\bsrc\//, '')) ?? `_-${hash(css)}`;

export default {
  preprocess: vitePreprocess({ style: false }),
  compilerOptions: { runes: true, discloseVersion: false, cssHash },
};
