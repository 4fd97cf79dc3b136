/** Largest file, in bytes: what a spool file on a common file system can have. */
export const fileBytesMax = 2 ** 43;
/** A changed file up to this size, in bytes, is kept in the overlay's database instead of in a file of its own. */
export const inlineBytesMax = 32 * 1024;
/** Most names of one file. A directory may have any number of subdirectories. */
export const linksMax = 65_000;
/** Longest target of a symlink, in bytes (PATH_MAX of Linux, without its NUL). */
export const symlinkBytesMax = 4095;
