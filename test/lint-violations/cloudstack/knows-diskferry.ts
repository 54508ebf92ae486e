// @typescript-eslint/no-restricted-imports: the client knows nothing of Diskferry
import { exportName } from '../domain/names';
export const name = exportName('x');
