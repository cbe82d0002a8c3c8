export { type BrokerFigures, measureBroker } from './broker.ts';
