// @typescript-eslint/no-restricted-imports: what Temporal knows is asked of Temporal alone
import { surveyDatabase } from '../../database/survey';
export const survey = surveyDatabase;
