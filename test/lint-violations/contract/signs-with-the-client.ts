// @typescript-eslint/no-restricted-imports: the contract suite signs by itself; a mistake of the client must not be on both sides
import { signature } from '../cloudstack/sign';
export const signed = signature({}, 'secret');
