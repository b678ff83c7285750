/**
 * Why a server could not be reached, as a clause for people, from what `fetch` throws. That says only "fetch failed"; its cause
 * has a code of Node, undici or OpenSSL, and a message written for their developers.
 */

import { printable } from '../base/printable.ts'

/** By code, where the code says everything. */
const CLAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'no server of that name is known',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNRESET: 'it ended the connection',
  EPIPE: 'it ended the connection',
  UND_ERR_SOCKET: 'it ended the connection',
  ETIMEDOUT: 'it took too long',
  UND_ERR_CONNECT_TIMEOUT: 'it took too long',
  UND_ERR_HEADERS_TIMEOUT: 'it took too long',
  UND_ERR_BODY_TIMEOUT: 'it took too long',
  EHOSTUNREACH: 'there is no way to it from here',
  ENETUNREACH: 'there is no way to it from here',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what answers there does not speak TLS, as https needs it; look at the address and its port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'what answers there does not speak TLS, as https needs it; look at the address and its port',
}

/** The same for certificates, by the names that Node and OpenSSL give to what may be wrong with one. */
const CERTIFICATE_CLAUSES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it is over',
  CERT_NOT_YET_VALID: "it does not hold yet; look at this machine's clock",
  CERT_REVOKED: 'it was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody whom this machine trusts vouches for it',
  UNABLE_TO_GET_ISSUER_CERT: 'nobody whom this machine trusts vouches for it',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody whom this machine trusts vouches for it',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'nobody whom this machine trusts vouches for it',
}

const CERTIFICATE_CODES = /CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CRL/

/** A clause without a full stop, such as "nobody listens there (ECONNREFUSED)". */
export function connectionFailure(error: unknown): string {
  const { cause, message, name } = error as Error
  if (name === 'TimeoutError') return 'it took too long'
  if (!(cause instanceof Error)) return plain(message)
  const code = 'code' in cause ? String(cause.code) : ''
  if (CERTIFICATE_CODES.test(code))
    return `its certificate is not to be trusted: ${certificateFailure(cause, code)}. Nothing was sent`
  const clause = CLAUSES[code]
  if (clause !== undefined) return `${clause} (${code})`
  // OpenSSL's messages begin with a thread's number and end with a line of its source; the code ends with the reason.
  if (code.startsWith('ERR_SSL_')) return `no TLS came about with it (${code})`
  return plain(cause.message === '' ? message : cause.message)
}

function certificateFailure(cause: Error, code: string): string {
  const { host, cert } = cause as { host?: string; cert?: { subjectaltname?: string } }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' && host !== undefined)
    return plain(`it is for ${cert?.subjectaltname ?? 'no name at all'}, and not for ${host}`)
  return CERTIFICATE_CLAUSES[code] ?? `${plain(cause.message)} (${code})`
}

/** Foreign text within a sentence. */
function plain(text: string): string {
  return printable(text).replace(/\.$/, '')
}
