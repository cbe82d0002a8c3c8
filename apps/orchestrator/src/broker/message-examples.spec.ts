import { AssetKind, ComputeTaskStatus, Event, EventKind, FunctionStatus } from '@orchestrator/lib';
import {
  buildAddressable,
  buildComputePlan,
  buildComputeTask,
  buildDataManager,
  buildDataSample,
  buildEvent,
  buildFailureReport,
  buildFunction,
  buildModel,
  buildOrganization,
  buildOutputAsset,
  buildPerformance,
  createRandom,
} from '@orchestrator/testing';
import { expect, it } from 'vitest';
import { toBrokerMessage } from './publisher/message.ts';

const FILE = '../../../../docs/event-messages.md';

const HEAD = `# Messages on the broker

<!-- Made by apps/orchestrator/src/broker/message-examples.spec.ts: change it there, then run vitest with -u. -->

What a consumer of [the broker](broker.md) gets: the canonical protobuf JSON of the event, with the field names of the
proto files, the names of enum values and times in RFC 3339. Fields are there even when they are empty; a message that is
not set is \`null\`. Of the assets only the one that the event is about is there. On the broker the text has no line breaks.

| property | content |
| --- | --- |
| \`content_type\` | \`application/json\` |
| \`delivery_mode\` | 2: persistent |
| \`message_id\` | the event's id, the same when the message is sent again |
| \`timestamp\` | the event's, in whole seconds since 1970 |
| \`type\` | \`<asset_kind>.<event_kind>\` |
| routing key | the channel |
`;

const random = createRandom(4);
const creationDate = { seconds: 1_767_225_600n, nanos: 123_456_000 };
const metadata = new Map([['project', 'retina']]);
const key = random.key();

type Example = Pick<Event, 'assetKey' | 'assetKind' | 'asset'> & Partial<Event>;

/** An event of each kind of asset, with more or less everything in it. */
function examples(): readonly Example[] {
  const organization = buildOrganization(random, { id: 'MyOrg1MSP', address: 'https://backend.org-1.example', creationDate });
  const fn = buildFunction(random, {
    creationDate,
    metadata,
    inputs: new Map([['datasamples', { kind: AssetKind.ASSET_DATA_SAMPLE, multiple: true, optional: false }]]),
    status: FunctionStatus.FUNCTION_STATUS_READY,
    image: buildAddressable(random),
  });
  const manager = buildDataManager(random, { creationDate, metadata });
  const sample = buildDataSample(random, { creationDate, dataManagerKeys: [manager.key] });
  const plan = buildComputePlan(random, { creationDate, tag: 'first', metadata });
  const task = buildComputeTask(random, {
    creationDate,
    computePlanKey: plan.key,
    functionKey: fn.key,
    status: ComputeTaskStatus.STATUS_WAITING_FOR_EXECUTOR_SLOT,
    inputs: [
      { identifier: 'datasamples', ref: { $case: 'assetKey', value: sample.key } },
      { identifier: 'shared', ref: { $case: 'parentTaskOutput', value: { parentTaskKey: key, outputIdentifier: 'shared' } } },
    ],
  });
  const model = buildModel(random, { creationDate, computeTaskKey: task.key, address: undefined });
  const performance = buildPerformance(random, { creationDate, computeTaskKey: task.key });
  const output = buildOutputAsset(random, { computeTaskKey: task.key, assetKey: model.key });
  const report = buildFailureReport(random, { creationDate, assetKey: task.key });
  const step = { assetKey: task.key, step: 'task_execution', duration: 1_500_000 };
  const updated = { eventKind: EventKind.EVENT_ASSET_UPDATED };
  return [
    { assetKind: AssetKind.ASSET_ORGANIZATION, assetKey: organization.id, asset: { $case: 'organization', value: organization } },
    { assetKind: AssetKind.ASSET_FUNCTION, assetKey: fn.key, asset: { $case: 'function', value: fn }, ...updated, metadata: new Map([['reason', 'User action']]) },
    { assetKind: AssetKind.ASSET_DATA_MANAGER, assetKey: manager.key, asset: { $case: 'dataManager', value: manager } },
    { assetKind: AssetKind.ASSET_DATA_SAMPLE, assetKey: sample.key, asset: { $case: 'dataSample', value: sample } },
    { assetKind: AssetKind.ASSET_COMPUTE_PLAN, assetKey: plan.key, asset: { $case: 'computePlan', value: plan } },
    { assetKind: AssetKind.ASSET_COMPUTE_TASK, assetKey: task.key, asset: { $case: 'computeTask', value: task } },
    { assetKind: AssetKind.ASSET_MODEL, assetKey: model.key, asset: { $case: 'model', value: model }, eventKind: EventKind.EVENT_ASSET_DISABLED },
    { assetKind: AssetKind.ASSET_PERFORMANCE, assetKey: `${task.key}|performance`, asset: { $case: 'performance', value: performance } },
    { assetKind: AssetKind.ASSET_COMPUTE_TASK_OUTPUT_ASSET, assetKey: task.key, asset: { $case: 'computeTaskOutputAsset', value: output } },
    { assetKind: AssetKind.ASSET_FAILURE_REPORT, assetKey: task.key, asset: { $case: 'failureReport', value: report } },
    { assetKind: AssetKind.ASSET_PROFILING_STEP, assetKey: task.key, asset: { $case: 'profilingStep', value: step } },
  ];
}

function renderExample(example: Example): string {
  const event = buildEvent(random, { channel: 'mychannel', timestamp: creationDate, ...example });
  const { body, properties } = toBrokerMessage(Event.encode(event).finish());
  const { messageId, timestamp, type } = properties;
  const json = JSON.stringify(JSON.parse(body.toString()), null, 2);
  const fence = '```';
  const head = `## ${String(type).split('.')[0]}\n\n\`message_id: ${messageId}\` · \`timestamp: ${timestamp}\` · \`type: ${type}\``;
  return `${head}\n\n${fence}json\n${json}\n${fence}\n`;
}

it('docs/event-messages.md shows a message for each kind of asset', async () => {
  const shown = examples();
  const kinds = Object.values(AssetKind).filter((kind) => kind !== AssetKind.ASSET_UNKNOWN);
  expect(new Set(shown.map(({ assetKind }) => assetKind))).toEqual(new Set(kinds));
  await expect([HEAD, ...shown.map(renderExample)].join('\n')).toMatchFileSnapshot(FILE);
});
