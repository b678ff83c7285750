/**
 * The bridge between the window's page and the main process: requests out, responses in, over one channel and nothing else. It
 * runs beside the page in a world of its own; the main process checks whatever comes over the channel.
 */

import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron'
import type { IpcBridge, IpcChannel, IpcResponse } from '../core/api/ipc-messages.ts'

const CHANNEL: IpcChannel = 'nimledger:trpc'

const bridge: IpcBridge = {
  send: (request) => ipcRenderer.send(CHANNEL, request),
  listen: (hear) => {
    const onMessage = (_event: IpcRendererEvent, response: IpcResponse) => hear(response)
    ipcRenderer.on(CHANNEL, onMessage)
    return () => {
      ipcRenderer.off(CHANNEL, onMessage)
    }
  },
}

contextBridge.exposeInMainWorld('nimledger', bridge)
