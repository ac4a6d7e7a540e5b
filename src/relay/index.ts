export { createRelay, eventHeader, type Relay, type RelayDeps } from './relay.ts';
