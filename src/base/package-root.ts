/**
 * The directory of this package, with a slash at its end. Whatever the package has besides code is found from here, since
 * what is built lies elsewhere than its sources: both, however, two directories deep (`scripts/build.ts`).
 */
export const packageRoot = new URL('../../', import.meta.url);
