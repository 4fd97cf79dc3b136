/** The twelve permission bits of a mode, and those among them that have names here. */
export const modeBits = 0o7777;
export const setUserId = 0o4000;
export const setGroupId = 0o2000;
export const sticky = 0o1000;
export const groupExecute = 0o010;
export const anyExecute = 0o111;
