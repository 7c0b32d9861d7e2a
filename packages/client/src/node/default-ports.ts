// The edge: what a client stands on when its maker hands in no ports, which is always but in simulations and tests.
export { nodePorts } from '@moldau/kernel/node/ports';
