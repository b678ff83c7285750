/**
 * The recovery sheet of an account: offered once keys were made, and whenever it is asked for. Its words come here for the
 * passphrase alone, are kept by nothing but this component, and leave the screen with it, or after a while.
 */
import { Alert, Button, Group, List, PasswordInput } from '@mantine/core'
import { IconEyeOff, IconPencilCheck, IconPrinter } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { LocalAccount } from '../../../core/api/views.ts'
import { usePresence } from '../../components/presence.ts'
import { nameOf, useDesk } from '../../desk.tsx'
import { useEnter } from '../../enter.ts'
import { isolated } from '../../format.ts'
import { go, href } from '../../route.ts'
import { useSecretCall } from '../../secret-call.ts'
import { strings } from '../../strings.ts'
import { failureOf, useTRPC, useTRPCClient } from '../../trpc.ts'
import { DoorForm } from '../door/door-form.tsx'
import { Frame } from '../door/frame.tsx'
import { Confirm } from './confirm.tsx'
import { Sheet, type SheetOf } from './sheet.tsx'

/** Time enough to write two keys down by hand. */
const SHOWN_MS = 20 * 60_000

export function Recovery({ of }: { readonly of: LocalAccount }) {
  const { desk } = useDesk()
  const [sheet, show] = useState<SheetOf>()
  const [isConfirming, setConfirming] = useState(false)
  const [wasTakenAway, setTakenAway] = useState(false)
  usePresence(desk.lockAfterMinutes > 0)
  useEffect(() => {
    if (sheet === undefined) return
    const takeAway = () => {
      show(undefined)
      setConfirming(false)
      setTakenAway(true)
    }
    const timer = setTimeout(takeAway, SHOWN_MS)
    // A page that is left may be kept by the browser, to be shown as it was.
    window.addEventListener('pagehide', takeAway)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('pagehide', takeAway)
    }
  }, [sheet])
  if (sheet === undefined) return <Ask of={of} show={show} wasTakenAway={wasTakenAway} />
  if (isConfirming) return <Confirm sheet={sheet} seeAgain={() => setConfirming(false)} leave={leave} />
  return <Shown sheet={sheet} written={() => setConfirming(true)} hide={() => show(undefined)} />
}

function leave(): void {
  if (window.location.hash === href('keys', 'sheet')) go(href('keys'), { replace: true })
}

interface AskProps {
  readonly of: LocalAccount
  readonly show: (sheet: SheetOf) => void
  readonly wasTakenAway: boolean
}

function Ask({ of, show, wasTakenAway }: AskProps) {
  const { account, sheet } = of
  const { desk } = useDesk()
  const trpc = useTRPC()
  const api = useTRPCClient()
  const enter = useEnter()
  const [passphrase, setPassphrase] = useState('')
  const { recovery: t } = strings
  const later = useMutation(trpc.keys.markSheet.mutationOptions({ onSuccess: enter }))
  const call = useSecretCall((given: string) => api.keys.sheet.mutate({ account, passphrase: given }), show)
  const isWrong = call.error !== undefined && failureOf(call.error).code === 'passphrase'
  const isDue = sheet === 'due'
  return (
    <DoorForm
      title={t.titleOf(isolated(nameOf(of)))}
      lead={t.lead}
      submit={() => call.run(passphrase)}
      action={t.show}
      isIncomplete={passphrase === ''}
      isPending={call.isPending}
      error={isWrong ? later.error : (call.error ?? later.error)}
      back={isDue ? { label: t.later, go: () => later.mutate({ account, as: 'missing' }) } : { label: t.back, go: leave }}
    >
      {wasTakenAway && <Alert className="notice" data-tone="warn" icon={<IconEyeOff size={18} />} title={t.takenAway} />}
      <div>
        <strong>{t.ask}</strong>
        <List size="sm" mt={6} spacing={4} c="dimmed">
          {t.advice.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      </div>
      <PasswordInput
        label={t.passphrase}
        description={desk.isDemo ? strings.unlock.demoHint : t.passphraseHint}
        value={passphrase}
        required
        autoFocus
        autoComplete="current-password"
        error={isWrong ? t.wrong : undefined}
        onChange={(event) => setPassphrase(event.currentTarget.value)}
      />
    </DoorForm>
  )
}

interface ShownProps {
  readonly sheet: SheetOf
  readonly written: () => void
  readonly hide: () => void
}

function Shown({ sheet, written, hide }: ShownProps) {
  const { recovery: t } = strings
  return (
    <Frame title={t.titleOf(isolated(sheet.name))} lead={t.lead}>
      <Sheet sheet={sheet} />
      <Group justify="space-between" mt="lg" className="sheet-actions">
        <Button variant="default" leftSection={<IconEyeOff size={17} />} onClick={hide}>
          {t.hide}
        </Button>
        <Group gap="xs">
          <Button variant="default" leftSection={<IconPrinter size={17} />} onClick={() => window.print()}>
            {t.print}
          </Button>
          <Button leftSection={<IconPencilCheck size={17} />} onClick={written}>
            {t.written}
          </Button>
        </Group>
      </Group>
    </Frame>
  )
}
