// The first call and the first events: `npx node --conditions=@orchestrator/source examples/first-call.ts [host:port]`
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { Event, Organization, RegisterOrganizationParam, SubscribeToEventsParam } from '@orchestrator/lib';

const client = new Client(process.argv[2] ?? '127.0.0.1:9000', credentials.createInsecure());
const headers = Metadata.fromHttp2Headers({ mspid: 'MyOrg2MSP', channel: 'mychannel' });
const toBuffer = (request: Uint8Array): Buffer => Buffer.from(request);
const address = RegisterOrganizationParam.encode({ address: 'https://backend.org-2.example' }).finish();
const fromStart = SubscribeToEventsParam.encode({ startEventId: '' }).finish();

const register = '/orchestrator.OrganizationService/RegisterOrganization';
client.makeUnaryRequest(register, toBuffer, (bytes) => Organization.decode(bytes), address, headers, (error, answer) => {
  console.log(error?.message ?? answer);
  const subscribe = '/orchestrator.EventService/SubscribeToEvents';
  client
    .makeServerStreamRequest(subscribe, toBuffer, (bytes) => Event.decode(bytes), fromStart, headers)
    .on('data', (event: Event) => console.log(event.id, event.assetKey, event.asset?.$case))
    .on('error', ({ message }: Error) => console.log(message));
});
