/** Whether the sheet is on paper, and can be read: two of its words are asked for while it is out of sight. */
import { TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useEnter } from '../../enter.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { DoorForm } from '../door/door-form.tsx'
import { type SheetOf, titleOf } from './sheet.tsx'

/** As many letters tell a word from all others. */
const TELLING_LETTERS = 4

interface ConfirmProps {
  readonly sheet: SheetOf
  /** Back to the sheet. */
  readonly seeAgain: () => void
  readonly leave: () => void
}

interface Question {
  readonly id: string
  readonly label: string
  readonly word: string
}

export function Confirm({ sheet, seeAgain, leave }: ConfirmProps) {
  const trpc = useTRPC()
  const enter = useEnter()
  const [questions] = useState(() => choose(sheet))
  const [typed, setTyped] = useState(['', ''])
  const [isTried, setTried] = useState(false)
  const { recovery: t } = strings
  const keep = useMutation(
    trpc.keys.markSheet.mutationOptions({
      onSuccess: (state) => {
        notifications.show({ message: t.kept, color: 'teal', closeButtonProps: { 'aria-label': strings.close } })
        leave()
        enter(state)
      },
    }),
  )
  const isRight = (at: number) => isWord(typed[at]!, questions[at]!.word)
  const submit = () => {
    setTried(true)
    if (questions.every((_question, at) => isRight(at))) keep.mutate({ account: sheet.account, as: 'kept' })
  }
  return (
    <DoorForm
      title={t.confirm}
      lead={t.confirmLead}
      submit={submit}
      action={t.done}
      isIncomplete={typed.some((word) => word.trim() === '')}
      isPending={keep.isPending}
      error={keep.error}
      back={{ label: t.seeAgain, go: seeAgain }}
    >
      {questions.map(({ id, label }, at) => (
        <TextInput
          key={id}
          label={label}
          value={typed[at]!}
          maxLength={32}
          autoFocus={at === 0}
          autoComplete="off"
          autoCorrect="off"
          autoCapitalize="none"
          spellCheck={false}
          error={isTried && !isRight(at) ? t.notIt : undefined}
          onChange={(event) => {
            setTried(false)
            setTyped(typed.with(at, event.currentTarget.value))
          }}
        />
      ))}
    </DoorForm>
  )
}

/** Two words of one key, or one each of the first and the last. */
function choose({ keys }: SheetOf): readonly Question[] {
  const [first, last] = [keys[0]!, keys.at(-1)!]
  const count = first.words.length
  const [one = 0, other = 0] = crypto.getRandomValues(new Uint32Array(2))
  if (first !== last) return [first, last].map((key, i) => questionOf(key, (i === 0 ? one : other) % count, true))
  const at = one % count
  // Any place but the first one's.
  const next = (at + 1 + (other % (count - 1))) % count
  return [at, next].sort((a, b) => a - b).map((place) => questionOf(first, place, false))
}

function questionOf(key: SheetOf['keys'][number], at: number, isOneOfSeveral: boolean): Question {
  const { recovery: t } = strings
  const label = isOneOfSeveral ? t.wordOf(at + 1, titleOf(key).toLowerCase()) : t.wordAt(at + 1)
  return { id: `${key.key} ${at}`, label, word: key.words[at]! }
}

function isWord(typed: string, word: string): boolean {
  const given = typed.trim().toLowerCase()
  return given === word || (given.length >= TELLING_LETTERS && word.startsWith(given))
}
