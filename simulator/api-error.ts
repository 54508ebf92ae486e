/** `cserrorcode` of an answer (utils/…/CSExceptionErrorCode.java): what kind of Java exception it was. */
export const exceptionCodes = {
  runtime: 4250,
  invalidParameter: 4350,
  permissionDenied: 4365,
  serverApi: 9999,
} as const;

/** A refusal by the simulated server: the whole answer when thrown within a call, the job's result when thrown within a job. */
export class ApiError extends Error {
  constructor(
    /** CloudStack's error code, also the HTTP status */
    readonly code: number,
    message: string,
    /** null on the plain 401, which has none */
    readonly exceptionCode: number | null = exceptionCodes.serverApi,
    /** whether the answer carries an X-Description header */
    readonly described = true,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** InvalidParameterValueException: 431 with 4350. */
export function invalidParameter(text: string): ApiError {
  return new ApiError(431, text, exceptionCodes.invalidParameter);
}

/** PermissionDeniedException: 531 with 4365. */
export function permissionDenied(text: string): ApiError {
  return new ApiError(531, text, exceptionCodes.permissionDenied);
}

/** CloudRuntimeException: 530 with 4250. */
export function serverFailure(text: string): ApiError {
  return new ApiError(530, text, exceptionCodes.runtime);
}

/** The one answer to a bad key, signature, expiry or unknown command; says nothing about which. */
export function unauthorized(): ApiError {
  return new ApiError(401, 'unable to verify user credentials and/or request signature', null, false);
}
