/**
 * A hub whose certificate is not to be trusted is not talked to, and the sentence says why. The certificates were made for this
 * test by openssl: good until 2120, one until 2001, each for the name it has, all signed by the one key here, which is good for
 * nothing else.
 */

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { formatVerifierKey } from '../../core/log/note.ts'
import { cli, expectFailed, folder } from '../cli/run.ts'
import { LOG_KEY } from '../ledger/support.ts'

const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEOkZGlYs+6BRtM9J
sc7otqRqF7IKlWPuzVFo6uWaBMGhRANCAAThXRTjnn1Ltjhoqq77BymcwLjnybmI
QBDvD4vx8txxHkXl9lXb6ZXdzuv20dFHbEzf7jLPQUwknInSxJgaTBLm
-----END PRIVATE KEY-----
`
const OF_LOCALHOST = `-----BEGIN CERTIFICATE-----
MIIBYjCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOFdFOOefUu2OGiq
rvsHKZzAuOfJuYhAEO8Pi/Hy3HEeReX2Vdvpld3O6/bR0UdsTN/uMs9BTCScidLE
mBpMEuajSDBGMBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAPBgNVHRMBAf8EBTADAQH/
MB0GA1UdDgQWBBTJKZTVYIm/bNYC2bo2n3sNsbgf6jAKBggqhkjOPQQDAgNJADBG
AiEAzIJiTlOvYa428qltVjLXy6XIiDwMqvUox4XlKbsRVOUCIQCb+E94bZ+lMrsB
6uvWXxU5oa/gPlASBPy11kGVjtC+7A==
-----END CERTIFICATE-----
`
const OF_ANOTHER = `-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1vdGhlci5l
eGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAYMRYwFAYD
VQQDDA1vdGhlci5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4V0U
4559S7Y4aKqu+wcpnMC458m5iEAQ7w+L8fLccR5F5fZV2+mV3c7r9tHRR2xM3+4y
z0FMJJyJ0sSYGkwS5qNMMEowGAYDVR0RBBEwD4INb3RoZXIuZXhhbXBsZTAPBgNV
HRMBAf8EBTADAQH/MB0GA1UdDgQWBBTJKZTVYIm/bNYC2bo2n3sNsbgf6jAKBggq
hkjOPQQDAgNIADBFAiEAqZx7kaCCZBiTv6iY1jfcYJ+9hfMnI6ZgzoiqtLsBuWAC
IDVNvz/ttw5RL69Io7i27NtnCHWi90h/1hKQ3gHhOxuc
-----END CERTIFICATE-----
`
const OVER = `-----BEGIN CERTIFICATE-----
MIIBXzCCAQWgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwHhcNMDAwMTAxMDAwMDAwWhcNMDEwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAls
b2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAThXRTjnn1Ltjhoqq77
BymcwLjnybmIQBDvD4vx8txxHkXl9lXb6ZXdzuv20dFHbEzf7jLPQUwknInSxJga
TBLmo0gwRjAUBgNVHREEDTALgglsb2NhbGhvc3QwDwYDVR0TAQH/BAUwAwEB/zAd
BgNVHQ4EFgQUySmU1WCJv2zWAtm6Np97DbG4H+owCgYIKoZIzj0EAwIDSAAwRQIg
BOHbwjfy9YgSs1BNCybZgwCWen7YZ2YQSGTC7ZB+QFQCIQDMoLTgsHU7uGv5GWac
XZbGUnPJ63dsslX/0/blJVKIPw==
-----END CERTIFICATE-----
`

/** A server that has nothing, under a certificate; which paths it was asked for, with which token. */
async function served(cert: string) {
  const asked: string[] = []
  const server = createServer({ key: KEY, cert }, ({ url, headers }, response) => {
    asked.push(`${url} ${headers.authorization}`)
    response.writeHead(404).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, asked }
}

/** Runs a command that reads the server, with a token, as somebody who trusts these certificates besides those of the system. */
async function read(url: string, args: readonly string[], trusted?: string) {
  const file = join(folder(), 'trusted.pem')
  if (trusted !== undefined) writeFileSync(file, trusted)
  const env = { NIMLEDGER_TOKEN: 's3cret', ...(trusted !== undefined && { NODE_EXTRA_CA_CERTS: file }) }
  return cli(
    join(folder(), 'mirror'),
    args.map((one) => (one === 'URL' ? url : one)),
    { env },
  )
}

const VKEY = formatVerifierKey(LOG_KEY)
const COMMANDS = [
  ['sync', '--hub', 'URL', '--vkey', VKEY],
  ['verify', 'URL', '--vkey', VKEY],
]

it.each([
  ['that nobody vouches for', OF_LOCALHOST, undefined, 'it is self-signed'],
  ['of another name', OF_ANOTHER, OF_ANOTHER, 'it is for DNS:other.example, and not for localhost'],
  ['that is over', OVER, OVER, 'it is over'],
])('a certificate %s is refused before anything is said', async (_what, cert, trusted, why) => {
  const { url, asked } = await served(cert)
  for (const args of COMMANDS) {
    const run = await read(url, args, trusted)
    expectFailed(run, 'offline')
    const what = `its certificate is not to be trusted: ${why}`
    expect(run.json.message).toBe(`${url}/checkpoint cannot be read: ${what}. Nothing was sent.`)
  }
  expect(asked).toEqual([])
})

it('one that this machine trusts is taken', async () => {
  const { url, asked } = await served(OF_LOCALHOST)
  expectFailed(await read(url, COMMANDS[1]!, OF_LOCALHOST), 'damaged')
  expect(asked).toEqual(['/checkpoint Bearer s3cret'])
})
