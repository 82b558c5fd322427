/* The page's own paths; protocols/page/page.c serves index.html under each. Pure. */

export type Screen =
  | { name: 'overview' }
  | { name: 'devices' }
  | { name: 'device'; id: string }
  | { name: 'releases' }
  | { name: 'release'; id: string }
  | { name: 'rollouts' }
  | { name: 'rollout'; id: string }
  | { name: 'rollout-new' }
  | { name: 'log' }
  | { name: 'alerts' }
  | { name: 'users' }
  | { name: 'account' }
  | { name: 'nowhere' };

const plain = ['devices', 'releases', 'rollouts', 'log', 'alerts', 'users', 'account'] as const;

export function screenOf(path: string): Screen {
  const [first, second, ...rest] = path.split('/').slice(1).map(decodeURIComponent);
  if (rest.length > 0 || first === undefined) return { name: 'nowhere' };
  if (first === '' && second === undefined) return { name: 'overview' };
  if (second === undefined) {
    const name = plain.find((word) => word === first);
    return name ? { name } : { name: 'nowhere' };
  }
  if (second === '') return { name: 'nowhere' };
  if (first === 'devices') return { name: 'device', id: second };
  if (first === 'releases') return { name: 'release', id: second };
  if (first === 'rollouts') return second === 'new' ? { name: 'rollout-new' } : { name: 'rollout', id: second };
  return { name: 'nowhere' };
}

/* A path with its query; parameters that are empty are left out. */
export function pathWith(path: string, params: Record<string, string>): string {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== ''));
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
