/** Why a status changed, as the `reason` of the event says it. Existing consumers show these texts. */
export const USER_ACTION = 'User action';

export const FAILURE_REPORT_REGISTERED = 'failure report registered';

export function functionReady(functionKey: string): string {
  return `Function ${functionKey} finished building`;
}

export function lastParentDone(parentTaskKey: string): string {
  return `Last parent task ${parentTaskKey} done`;
}
