/** Choosing a passphrase: not easy to guess, and twice the same. */
import { PasswordInput, Text } from '@mantine/core'
import { gradeOf, isFair } from '../../strength.ts'
import { strings } from '../../strings.ts'

interface Chosen {
  readonly passphrase: string
  readonly repeated: string
}

export const NOTHING_CHOSEN: Chosen = { passphrase: '', repeated: '' }

export function isGood({ passphrase, repeated }: Chosen): boolean {
  return isFair(passphrase) && passphrase === repeated
}

interface NewPassphraseProps {
  readonly chosen: Chosen
  readonly choose: (chosen: Chosen) => void
  readonly hint: string
  /** Somebody tried to go on with it. */
  readonly isTried: boolean
  readonly isFirst?: boolean
}

export function NewPassphrase({ chosen, choose, hint, isTried, isFirst = false }: NewPassphraseProps) {
  const { passphrase, repeated } = chosen
  const { door } = strings
  const differs = passphrase === repeated || (repeated === '' && !isTried) ? undefined : door.differs
  return (
    <>
      <PasswordInput
        label={door.passphrase}
        description={hint}
        value={passphrase}
        required
        autoFocus={isFirst}
        autoComplete="new-password"
        error={isTried && !isFair(passphrase) ? door.tooWeak : undefined}
        onChange={(event) => choose({ ...chosen, passphrase: event.currentTarget.value })}
      />
      <Strength passphrase={passphrase} />
      <PasswordInput
        label={door.repeat}
        value={repeated}
        required
        autoComplete="new-password"
        error={differs}
        onChange={(event) => choose({ ...chosen, repeated: event.currentTarget.value })}
      />
    </>
  )
}

function Strength({ passphrase }: { readonly passphrase: string }) {
  const grade = gradeOf(passphrase)
  const { strength, strengths } = strings.door
  const word = passphrase === '' ? '' : (strengths[grade] ?? '')
  return (
    <div className="strength" data-grade={passphrase === '' ? undefined : grade}>
      <span className="strength-bars" aria-hidden="true">
        {strengths.map((name, at) => (
          <span key={name} data-on={(passphrase !== '' && at <= grade) || undefined} />
        ))}
      </span>
      <Text size="xs" c="dimmed" aria-live="polite">
        {strength}: {word}
      </Text>
    </div>
  )
}
