/** Tells a profiled server where its profiles go. */
export const FILE_VARIABLE = 'BENCH_PROFILE_FILE';

/** Behind the file's name: a profile has begun. */
export const BEGUN = '.begun';
