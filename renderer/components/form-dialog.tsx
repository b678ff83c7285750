/** A few fields, and then the sign dialog over them: what is typed stays until the ledger has taken it. */
import { Text, TextInput } from '@mantine/core'
import { IconSignature } from '@tabler/icons-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { parseTyped } from '../format.ts'
import { type SignRequest, useSign } from '../sign.tsx'
import { strings } from '../strings.ts'
import { DialogForm } from './dialog-form.tsx'

export interface FormField {
  /** Of the transaction's body. */
  readonly name: string
  readonly label: string
  readonly description?: string
  /** An amount of credits; otherwise a text of so many characters. */
  readonly isAmount?: true
  readonly maxLength?: number
  readonly initial?: string
  /** What a text must be, beside there being one. */
  readonly pattern?: RegExp
  readonly patternHint?: string
}

interface FormDialogProps {
  readonly title: string
  readonly lead: ReactNode
  readonly fields: readonly FormField[]
  /** What is to be signed, without the fields. */
  readonly request: SignRequest
  readonly close: () => void
}

export function FormDialog({ title, lead, fields, request, close }: FormDialogProps) {
  const sign = useSign()
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({})
  const shown = fields.map((field) => ({ ...field, text: typed[field.name] ?? field.initial ?? '' }))
  const values = shown.map((field) => [field.name, signedOf(field, field.text)] as const)
  const isComplete = values.every(([, value]) => value !== undefined)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isComplete) return
    sign({ ...request, body: { ...request.body, ...Object.fromEntries(values) }, taken: close })
  }
  return (
    <DialogForm
      title={title}
      size={480}
      close={close}
      submit={submit}
      action={strings.sign.review}
      icon={<IconSignature size={17} />}
      isComplete={isComplete}
    >
      <Text c="dimmed" component="div">
        {lead}
      </Text>
      {shown.map(({ name, label, description, isAmount, maxLength = 128, text, ...field }, at) => (
        <TextInput
          key={name}
          label={label}
          description={description}
          value={text}
          required
          data-autofocus={at === 0 || undefined}
          maxLength={isAmount ? 24 : maxLength}
          inputMode={isAmount ? 'decimal' : 'text'}
          classNames={isAmount ? { input: 'amount-input' } : {}}
          error={text !== '' && signedOf({ isAmount, ...field }, text) === undefined ? hintOf({ isAmount, ...field }) : undefined}
          onChange={(event) => setTyped({ ...typed, [name]: event.currentTarget.value })}
        />
      ))}
    </DialogForm>
  )
}

type Rule = Pick<FormField, 'pattern' | 'patternHint'> & { readonly isAmount?: true | undefined }

/** What the body gets of a field; undefined as long as that cannot be signed. */
function signedOf({ isAmount, pattern }: Rule, text: string): string | undefined {
  const trimmed = text.trim()
  if (isAmount) {
    const amount = parseTyped(trimmed)
    return amount === '0' ? undefined : amount
  }
  return trimmed !== '' && (pattern === undefined || pattern.test(trimmed)) ? trimmed : undefined
}

function hintOf({ isAmount, patternHint }: Rule): string | undefined {
  return isAmount ? strings.publish.amount : patternHint
}
