import { isCloudStackError } from '../cloudstack/errors';
import { type DiskferryFailure, failure } from '../domain/failures';

/** What Node calls a certificate or a handshake that it does not accept (Node.js: tls, "X509 certificate error codes"). */
const TLS_CODES = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/;

/**
 * The failure that a CloudStack error is for whoever meets it at any command: nobody answers, the key is refused, the outcome is
 * lost. Undefined for what is a command's own business (`refused`, `conflict`, `gone` and the like) and for other errors.
 */
export function cloudStackFailure(error: unknown, site: string): DiskferryFailure | undefined {
  if (!isCloudStackError(error)) return undefined;
  const { endpoint, command, text: cause } = error;
  switch (error.kind) {
    case 'unavailable':
      return isTlsError(error)
        ? failure('tls-refused', { site, endpoint, cause }, { cause: error })
        : failure('cloudstack-unavailable', { site, endpoint, command, cause }, { cause: error });
    case 'outcome-unknown':
    case 'job-lost':
      return failure('cloudstack-outcome-unknown', { site, command, cause }, { cause: error });
    case 'unauthorized':
      // 432: the signature was good, the role is not (fixture permissions-of-a-normal-user)
      return error.errorCode === 432
        ? failure('command-forbidden', { site, command, cause }, { cause: error })
        : failure('unauthorized', { site, cause }, { cause: error });
    case 'refused':
    case 'conflict':
    case 'gone':
    case 'not-found':
    case 'already-exists':
      return undefined;
  }
}

function isTlsError(error: unknown): boolean {
  let cause = error;
  while (typeof cause === 'object' && cause !== null) {
    if ('code' in cause && typeof cause.code === 'string' && TLS_CODES.test(cause.code)) return true;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  return false;
}
