/** The vault is locked: a passphrase opens it. */
import { Button, Checkbox, Paper, PasswordInput, Stack, Text } from '@mantine/core'
import { IconLockOpen } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { DeskState } from '../../../core/api/views.ts'
import { FailureNotice, LastFailure } from '../../components/layout.tsx'
import { strings } from '../../strings.ts'
import { failureOf, useTRPC } from '../../trpc.ts'
import { Frame } from './frame.tsx'

export function Unlock({ desk }: { readonly desk: DeskState }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [passphrase, setPassphrase] = useState('')
  const [isRemembered, setRemembered] = useState(false)
  const unlock = useMutation(
    trpc.desk.unlock.mutationOptions({
      onSuccess: (state) => client.setQueryData(trpc.desk.state.queryKey(), state),
      onError: () => setPassphrase(''),
    }),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    unlock.mutate({ passphrase, remember: isRemembered })
  }
  const isWrong = unlock.error !== null && failureOf(unlock.error).code === 'passphrase'
  return (
    <Frame title={strings.unlock.title} lead={strings.unlock.lead} isNarrow>
      <Paper withBorder radius="lg" className="panel" p="lg">
        <form onSubmit={submit}>
          <Stack>
            <PasswordInput
              label={strings.door.passphrase}
              value={passphrase}
              autoFocus
              autoComplete="current-password"
              error={isWrong && passphrase === '' ? strings.unlock.wrong : undefined}
              onChange={(event) => setPassphrase(event.currentTarget.value)}
            />
            {desk.canRemember && (
              <Checkbox
                label={strings.unlock.remember}
                checked={isRemembered}
                onChange={(event) => setRemembered(event.currentTarget.checked)}
              />
            )}
            {desk.isDemo && (
              <Text size="sm" c="dimmed">
                {strings.unlock.demoHint}
              </Text>
            )}
            {unlock.error === null && <LastFailure desk={desk} />}
            {unlock.error !== null && !isWrong && <FailureNotice error={unlock.error} />}
            <Button
              type="submit"
              leftSection={<IconLockOpen size={17} />}
              loading={unlock.isPending}
              disabled={passphrase === ''}
            >
              {strings.unlock.action}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Frame>
  )
}
