/** Keys of this machine in a sealed file, which `nimledger keys import` reads on another one. */
import { PasswordInput, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconDownload } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Choices } from '../../components/choices.tsx'
import { DialogForm } from '../../components/dialog-form.tsx'
import { FailureNotice } from '../../components/layout.tsx'
import { useDesk } from '../../desk.tsx'
import { saveFile } from '../../save-file.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'

const FILE = 'nimledger-keys.json'

export function BackUp({ close }: { readonly close: () => void }) {
  const { acting, desk } = useDesk()
  const trpc = useTRPC()
  const [what, setWhat] = useState<'account' | 'machine'>('account')
  const [passphrase, setPassphrase] = useState('')
  const { keys: t } = strings
  const backUp = useMutation(
    trpc.keys.backUp.mutationOptions({
      onSuccess: ({ bytes }) => {
        saveFile(FILE, bytes)
        notifications.show({ message: t.saved, color: 'teal', closeButtonProps: { 'aria-label': strings.close } })
        close()
      },
    }),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    backUp.mutate({ passphrase, ...(what === 'account' && { account: acting.account }) })
  }
  return (
    <DialogForm
      title={t.backUpTitle}
      close={close}
      submit={submit}
      action={t.save}
      icon={<IconDownload size={17} />}
      isComplete={passphrase !== ''}
      isPending={backUp.isPending}
    >
      <Text c="dimmed">{t.backUpLead}</Text>
      <Choices label={t.what} value={what} of={t.whats} choose={setWhat} />
      <PasswordInput
        label={t.passphrase}
        description={t.passphraseHint}
        value={passphrase}
        required
        data-autofocus
        autoComplete="current-password"
        onChange={(event) => setPassphrase(event.currentTarget.value)}
      />
      {desk.isDemo && (
        <Text size="sm" c="dimmed">
          {strings.unlock.demoHint}
        </Text>
      )}
      {backUp.error !== null && <FailureNotice error={backUp.error} />}
    </DialogForm>
  )
}
