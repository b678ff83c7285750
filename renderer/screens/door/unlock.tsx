/** The vault is locked: a passphrase opens it. */
import { Checkbox, PasswordInput, Text } from '@mantine/core'
import { IconLockOpen } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { DeskState } from '../../../core/api/views.ts'
import { LastFailure } from '../../components/layout.tsx'
import { useEnter } from '../../enter.ts'
import { strings } from '../../strings.ts'
import { failureOf, useTRPC } from '../../trpc.ts'
import { DoorForm } from './door-form.tsx'

export function Unlock({ desk }: { readonly desk: DeskState }) {
  const trpc = useTRPC()
  const [passphrase, setPassphrase] = useState('')
  const [isRemembered, setRemembered] = useState(false)
  const unlock = useMutation(
    trpc.desk.unlock.mutationOptions({
      onSuccess: useEnter(),
      onError: () => setPassphrase(''),
    }),
  )
  const isWrong = unlock.error !== null && failureOf(unlock.error).code === 'passphrase'
  const { unlock: t } = strings
  return (
    <DoorForm
      title={t.title}
      lead={t.lead}
      submit={() => unlock.mutate({ passphrase, remember: isRemembered })}
      action={t.action}
      icon={<IconLockOpen size={17} />}
      isIncomplete={passphrase === ''}
      isPending={unlock.isPending}
      error={isWrong ? undefined : unlock.error}
    >
      <PasswordInput
        label={strings.door.passphrase}
        value={passphrase}
        autoFocus
        autoComplete="current-password"
        error={isWrong && passphrase === '' ? t.wrong : undefined}
        onChange={(event) => setPassphrase(event.currentTarget.value)}
      />
      {desk.canRemember && (
        <Checkbox label={t.remember} checked={isRemembered} onChange={(event) => setRemembered(event.currentTarget.checked)} />
      )}
      {desk.isDemo && (
        <Text size="sm" c="dimmed">
          {t.demoHint}
        </Text>
      )}
      {unlock.error === null && <LastFailure desk={desk} />}
    </DoorForm>
  )
}
