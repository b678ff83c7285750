/** Messages over a stream of bytes: four bytes of length, big-endian, then as many bytes. */

import type { Socket } from 'node:net'

const LENGTH_BYTES = 4

export type FrameError = 'too_long' | 'too_slow'

export function frame(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Hands on each whole message; tells of one that is too long, or that does not arrive in time once it began, and ends there. */
export function readFrames(
  socket: Socket,
  limits: { readonly maximum: number; readonly timeoutMs: number },
  take: (bytes: Buffer) => void,
  refuse: (fault: FrameError) => void,
): void {
  let received: Buffer = Buffer.alloc(0)
  let timer: NodeJS.Timeout | undefined
  const stop = (fault: FrameError) => {
    clearTimeout(timer)
    socket.off('data', onData)
    refuse(fault)
  }
  const onData = (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    while (received.length >= LENGTH_BYTES) {
      const length = received.readUInt32BE(0)
      if (length > limits.maximum) return stop('too_long')
      if (received.length < LENGTH_BYTES + length) break
      take(received.subarray(LENGTH_BYTES, LENGTH_BYTES + length))
      received = received.subarray(LENGTH_BYTES + length)
    }
    clearTimeout(timer)
    if (received.length > 0) timer = setTimeout(() => stop('too_slow'), limits.timeoutMs)
  }
  socket.on('data', onData)
  socket.on('close', () => clearTimeout(timer))
}
