/** Said above every page, because it changes what all of them mean: the console is gone, or something signed is on its way. */
import { Alert, Anchor } from '@mantine/core'
import { IconPlugConnectedX, IconSend } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useLive } from '../live.tsx'
import { href, useRoute } from '../route.ts'
import { strings } from '../strings.ts'
import { useSync, waitingIn } from '../sync.tsx'

/** A connection that comes back sooner is no news. */
const GONE_MS = 3_000

export function Standing() {
  const isGone = useGone()
  const sync = useSync()
  const { page } = useRoute()
  const { standing: t } = strings.shell
  if (isGone) {
    return (
      <Alert role="alert" className="notice standing" data-tone="warn" icon={<IconPlugConnectedX size={18} />}>
        {t.gone}
      </Alert>
    )
  }
  const waiting = sync === undefined ? 0 : waitingIn(sync)
  if (waiting === 0 || page === 'sync') return null
  return (
    <Alert role="status" className="notice standing" icon={<IconSend size={18} />}>
      {t.waiting(waiting)} <Anchor href={href('sync')}>{t.outbox}</Anchor>
    </Alert>
  )
}

/** Whether the console has been silent for a while. */
function useGone(): boolean {
  const { isConnected } = useLive()
  const [isGone, setGone] = useState(false)
  useEffect(() => {
    if (isConnected) return setGone(false)
    const timer = setTimeout(() => setGone(true), GONE_MS)
    return () => clearTimeout(timer)
  }, [isConnected])
  return isGone
}
