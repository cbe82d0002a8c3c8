import { checkKey, checkName } from './checks.ts';
import { Problems } from './problems.ts';

/**
 * What updates of functions, data managers and plans have in common; the image of a function is not validated, since
 * clients send one with two empty strings.
 *
 * @throws OrchestrationError OE0101
 */
export function validateRename(param: { readonly key: string; readonly name: string }): void {
  const problems = new Problems();
  checkKey(problems, 'key', param.key);
  checkName(problems, 'name', param.name);
  problems.throwIfAny();
}
