/** A dialog with a form: its fields, a way out and a way on. What is typed stays while the sign dialog is over it. */
import { Button, Group, Modal, Stack } from '@mantine/core'
import type { FormEvent, ReactNode } from 'react'
import { useCloseOnEscape } from '../sign.tsx'
import { strings } from '../strings.ts'

interface DialogFormProps {
  readonly title: string
  readonly size?: number
  readonly close: () => void
  readonly submit: (event: FormEvent) => void
  /** What the button says that goes on. */
  readonly action: string
  readonly icon?: ReactNode
  readonly isComplete: boolean
  readonly isPending?: boolean
  readonly children: ReactNode
}

export function DialogForm({ title, size, close, submit, children, ...way }: DialogFormProps) {
  return (
    <Modal
      opened
      onClose={close}
      closeOnEscape={useCloseOnEscape()}
      title={title}
      {...(size !== undefined && { size })}
      closeButtonProps={{ 'aria-label': strings.close }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          {children}
          <FormActions close={close} {...way} />
        </Stack>
      </form>
    </Modal>
  )
}

export function FormActions({
  close,
  action,
  icon,
  isComplete,
  isPending = false,
}: Pick<DialogFormProps, 'close' | 'action' | 'icon' | 'isComplete' | 'isPending'>) {
  return (
    <Group justify="flex-end" gap="xs">
      <Button variant="default" onClick={close}>
        {strings.cancel}
      </Button>
      <Button type="submit" disabled={!isComplete} loading={isPending} leftSection={icon}>
        {action}
      </Button>
    </Group>
  )
}
