/**
 * The log for other programs, as a file for the reader: the console makes it beside everything else and keeps it as long as it is
 * listened to; meanwhile it is fetched part by part.
 */
import type { TRPCClient } from '@trpc/client'
import type { ExportFormat } from '../core/api/host.ts'
import type { Router } from '../core/api/router.ts'
import type { ExportEvent } from '../core/api/views.ts'
import { tryFromBase64 } from '../core/base/bytes.ts'
import { saveBlob } from './save-file.ts'

export interface ExportProgress {
  /** Making counts entries, fetching bytes. */
  readonly what: 'making' | 'fetching'
  readonly done: number
  readonly total: number
}

type ExportedFile = Extract<ExportEvent, { what: 'file' }>

/** Resolves with the file's name once it was handed over; ended by the signal it rejects. */
export async function exportLog(
  client: TRPCClient<Router>,
  format: ExportFormat,
  signal: AbortSignal,
  tell: (progress: ExportProgress) => void,
): Promise<string> {
  let stop = () => {}
  try {
    const file = await new Promise<ExportedFile>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      const listening = client.log.export.subscribe(
        { format },
        {
          onData: (event) => (event.what === 'file' ? resolve(event) : tell({ ...event, what: 'making' })),
          onError: reject,
        },
      )
      stop = () => listening.unsubscribe()
    })
    saveBlob(file.name, await fetched(client, file, signal, tell))
    return file.name
  } finally {
    stop()
  }
}

async function fetched(
  client: TRPCClient<Router>,
  { id, bytes: total }: ExportedFile,
  signal: AbortSignal,
  tell: (progress: ExportProgress) => void,
): Promise<Blob> {
  const parts: Blob[] = []
  for (let done = 0; done < total; ) {
    tell({ what: 'fetching', done, total })
    const part = tryFromBase64(await client.log.exportPart.query({ id, from: done }, { signal }))
    if (part === undefined || part.length === 0) throw new Error('A part of the export is missing.')
    parts.push(new Blob([part as BlobPart]))
    done += part.length
  }
  return new Blob(parts)
}
