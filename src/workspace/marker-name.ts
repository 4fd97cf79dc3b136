/** The directory in which a checkout keeps its own state. */
export const markerName = '.micelio-session';
