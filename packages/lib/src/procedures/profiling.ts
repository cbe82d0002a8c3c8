import { Empty } from '../gen/google/protobuf/empty.ts';
import { ProfilingStep } from '../gen/orchestrator/profiling.ts';
import { validateProfilingStep } from '../assets/profiling.ts';
import { defineService, write } from './procedure.ts';

export const profilingProcedures = defineService('ProfilingService', {
  RegisterProfilingStep: write(ProfilingStep, Empty, validateProfilingStep, (s, step) =>
    s.profiling.registerProfilingStep(step),
  ),
});
