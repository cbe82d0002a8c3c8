import { badRequest } from '../errors/orchestration-error.ts';
import type { RegisterDataSamplesParam, UpdateDataSamplesParam } from '../gen/orchestrator/datasample.ts';
import { checkChecksum, checkKey, checkKeys } from './checks.ts';
import { Problems } from './problems.ts';

/** @throws OrchestrationError OE0003 for an empty batch, OE0101 */
export function validateRegisterDataSamples(param: RegisterDataSamplesParam): void {
  if (param.samples.length === 0) throw badRequest('no data sample to register');
  const problems = new Problems();
  for (const [index, sample] of param.samples.entries()) {
    const field = `samples[${index}]`;
    checkKey(problems, `${field}.key`, sample.key);
    checkChecksum(problems, `${field}.checksum`, sample.checksum);
    checkKeys(problems, `${field}.data_manager_keys`, sample.dataManagerKeys);
  }
  problems.throwIfAny();
}

/** @throws OrchestrationError OE0101 */
export function validateUpdateDataSamples(param: UpdateDataSamplesParam): void {
  const problems = new Problems();
  if (param.keys.length === 0) problems.add('keys', 'must name at least one data sample');
  checkKeys(problems, 'keys', param.keys);
  checkKeys(problems, 'data_manager_keys', param.dataManagerKeys);
  problems.throwIfAny();
}
