/** The page's program: styles, look, client and cache around the console. */
import '@mantine/core/styles.css'
import '@mantine/charts/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
import '@fontsource-variable/inter/index.css'
import '@fontsource-variable/jetbrains-mono/index.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/panels.css'
import './styles/tables.css'
import './styles/pages.css'
import './styles/log.css'
import './styles/door.css'
import './styles/revenue.css'
import './styles/sync.css'
import './styles/hub.css'
import './styles/narrow.css'
import './styles/print.css'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { printInLight } from './print-in-light.ts'
import { createClient } from './rpc/client.ts'
import { cssVariables, theme } from './theme.ts'
import { createQueryClient, TRPCProvider } from './trpc.ts'

/** Given by whoever serves the page: styles without it are not applied. */
function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
}

function deskChanged(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: [['desk', 'state']] })
}

// What locks scrolling behind dialogs adds a style of its own, and looks for the nonce under this name.
Object.assign(globalThis, { __webpack_nonce__: styleNonce() })

printInLight()

const client = createClient()
const queryClient = createQueryClient(deskChanged)
const colorSchemes = localStorageColorSchemeManager({ key: 'nimledger.colours' })

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={colorSchemes}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <Notifications position="bottom-right" limit={3} />
      <QueryClientProvider client={queryClient}>
        <TRPCProvider trpcClient={client} queryClient={queryClient}>
          <App />
        </TRPCProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
