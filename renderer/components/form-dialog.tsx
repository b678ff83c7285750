/** A few fields, and then the sign dialog over them: what is typed stays until the ledger has taken it. */
import { NativeSelect, Text, TextInput } from '@mantine/core'
import { IconSignature } from '@tabler/icons-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { addDays, countIn, parseTyped } from '../format.ts'
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
  /** A whole number above zero, signed as a number. */
  readonly isCount?: true
  /** A day, "2026-12-31", signed as the moment at which it ends. */
  readonly isLastDay?: true
  /** One of these, with what each is called. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[]
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
      {shown.map(({ text, ...field }, at) => (
        <Field
          key={field.name}
          field={field}
          text={text}
          isFirst={at === 0}
          change={(next) => setTyped({ ...typed, [field.name]: next })}
        />
      ))}
    </DialogForm>
  )
}

interface FieldProps {
  readonly field: FormField
  readonly text: string
  readonly isFirst: boolean
  readonly change: (text: string) => void
}

function Field({ field, text, isFirst, change }: FieldProps) {
  const { label, description, isAmount, isCount, isLastDay, choices, maxLength = 128 } = field
  const common = {
    ...{ label, value: text, required: true },
    ...(description !== undefined && { description }),
    ...(isFirst && { 'data-autofocus': true }),
    onChange: (event: { readonly currentTarget: { readonly value: string } }) => change(event.currentTarget.value),
  }
  if (choices !== undefined) return <NativeSelect {...common} data={[...choices]} />
  return (
    <TextInput
      {...common}
      type={isLastDay ? 'date' : 'text'}
      maxLength={isAmount || isCount ? MAX_NUMBER_CHARACTERS : maxLength}
      inputMode={isAmount ? 'decimal' : isCount ? 'numeric' : 'text'}
      classNames={isAmount ? { input: 'amount-input' } : {}}
      error={text !== '' && signedOf(field, text) === undefined ? hintOf(field) : undefined}
    />
  )
}

const MAX_NUMBER_CHARACTERS = 24

/** What the body gets of a field; undefined as long as that cannot be signed. */
function signedOf({ isAmount, isCount, isLastDay, pattern }: FormField, text: string): string | number | undefined {
  const trimmed = text.trim()
  if (isAmount) {
    const amount = parseTyped(trimmed)
    return amount === '0' ? undefined : amount
  }
  if (isCount) return countIn(trimmed)
  if (trimmed === '' || (pattern !== undefined && !pattern.test(trimmed))) return undefined
  return isLastDay ? addDays(`${trimmed}T00:00:00Z`, 1) : trimmed
}

function hintOf({ isAmount, isCount, patternHint }: FormField): string | undefined {
  if (isAmount) return strings.publish.amount
  return isCount ? strings.publish.whole : patternHint
}
