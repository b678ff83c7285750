/** After how many minutes without anybody the console locks its keys, unless it is told otherwise. */
export const LOCK_AFTER_MINUTES = 15
