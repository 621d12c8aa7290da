import { useState, type ReactNode } from 'react';
import { Refused, api, reasonOf } from '../../api/client';
import type { Preferences } from '../../api/types';
import { browserZone } from '../../lib/zone';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { showToast } from '../../state/toasts';
import { Button, Choice, Field, controls } from '../../ui/controls';
import { strike } from '../bells/sound';
import { useSaveProfile } from './useProfile';
import css from './Settings.module.css';

export function Problem({ error }: { error: unknown }) {
  return (
    <p role="alert" className={controls.error}>
      {error ? reasonOf(error, m.problem.away, m.problem.unknown) : ''}
    </p>
  );
}

function Switch({ label, hint, checked, onChange }: { label: string; hint?: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className={css.switch}>
      <input type="checkbox" role="switch" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {label}
        {hint && <span className={css.hint}>{hint}</span>}
      </span>
    </label>
  );
}

const fieldError = (error: unknown, name: string): string | undefined =>
  error instanceof Refused ? error.problem?.errors?.find(({ field }) => field === name)?.message : undefined;

function ChangePassword() {
  const [error, setError] = useState<unknown>(null);
  return (
    <form
      className={css.group}
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const fields = new FormData(form);
        const body = { current_password: fields.get('current') as string, new_password: fields.get('new') as string };
        setError(null);
        api
          .POST('/api/auth/change-password', { body })
          .then(() => {
            form.reset();
            showToast(m.settings.passwordChanged);
          })
          .catch(setError);
      }}
    >
      <h3>{m.settings.changePassword}</h3>
      <Field label={m.settings.currentPassword} name="current" type="password" autoComplete="current-password" required error={fieldError(error, 'current_password')} />
      <Field label={m.settings.newPassword} name="new" type="password" autoComplete="new-password" required minLength={8} hint={m.auth.passwordHint} error={fieldError(error, 'new_password')} />
      <Problem error={fieldError(error, 'current_password') || fieldError(error, 'new_password') ? null : error} />
      <Button type="submit">{m.settings.changePassword}</Button>
    </form>
  );
}

/** Saves when it is left. */
function Text({ label, value, type, onSave, error }: { label: string; value: string; type?: string; onSave: (text: string) => void; error?: string }) {
  return <Field key={value} label={label} type={type} defaultValue={value} error={error} dir="auto" onBlur={({ target }) => target.value.trim() && target.value !== value && onSave(target.value)} />;
}

export function ProfilePart() {
  const { profile } = useApp();
  const save = useSaveProfile();
  return (
    <>
      <div className={css.group}>
        <Text label={m.auth.name} value={profile.name} error={fieldError(save.error, 'name')} onSave={(name) => save.mutate({ name })} />
        <Text label={m.auth.email} type="email" value={profile.email} error={fieldError(save.error, 'email')} onSave={(email) => save.mutate({ email })} />
        <Problem error={save.error instanceof Refused && save.error.problem?.errors ? null : save.error} />
      </div>
      <ChangePassword />
    </>
  );
}

function Group({ error, children }: { error: unknown; children: ReactNode }) {
  return (
    <div className={css.group}>
      {children}
      <Problem error={error} />
    </div>
  );
}

function usePreference(): [Preferences, (preferences: Partial<Preferences>) => void, unknown] {
  const { profile } = useApp();
  const save = useSaveProfile();
  // What was chosen shows at once; if it is refused, it is what it was again, with the reason.
  const chosen = save.isPending ? (save.variables.preferences as Partial<Preferences> | undefined) : undefined;
  return [{ ...profile.preferences, ...chosen }, (preferences) => save.mutate({ preferences }), save.error];
}

const weekdays = Object.entries(m.settings.weekdays) as [Preferences['week_start'], string][];
const themes = Object.entries(m.settings.themes) as [Preferences['theme'], string][];

export function Time() {
  const { profile } = useApp();
  const [preferences, set, error] = usePreference();
  const save = useSaveProfile();
  const zones = Intl.supportedValuesOf('timeZone');
  const here = browserZone();
  return (
    <Group error={error ?? save.error}>
      <Choice
        label={m.settings.zone}
        value={profile.timezone}
        options={[...new Set([profile.timezone, ...zones])].sort().map((zone) => [zone, zone.replaceAll('_', ' ')] as const)}
        onChange={(timezone) => save.mutate({ timezone })}
      />
      {here !== profile.timezone && (
        <Button look="link" onClick={() => save.mutate({ timezone: here })}>
          {m.settings.useBrowserZone(here)}
        </Button>
      )}
      <Choice label={m.settings.weekStart} value={preferences.week_start} options={weekdays} onChange={(week_start) => set({ week_start })} />
      <label className={controls.field}>
        <span className={controls.label}>{m.settings.defaultReminder}</span>
        <input
          type="time"
          className={controls.select}
          defaultValue={preferences.default_reminder_time}
          onBlur={({ target }) => target.value && target.value !== preferences.default_reminder_time && set({ default_reminder_time: target.value })}
        />
      </label>
    </Group>
  );
}

export function Look() {
  const [preferences, set, error] = usePreference();
  return (
    <Group error={error}>
      <Choice label={m.settings.theme} value={preferences.theme} options={themes} onChange={(theme) => set({ theme })} />
      <Switch label={m.settings.keys} hint={m.settings.keysHint} checked={preferences.shortcuts} onChange={(shortcuts) => set({ shortcuts })} />
    </Group>
  );
}

export function Notifications() {
  const [preferences, set, error] = usePreference();
  const known = 'Notification' in window;
  const [permission, setPermission] = useState(known ? Notification.permission : 'denied');
  return (
    <Group error={error}>
      <Switch label={m.settings.notify} checked={preferences.notifications} onChange={(notifications) => set({ notifications })} />
      {preferences.notifications && permission === 'default' && (
        <Button onClick={() => void Notification.requestPermission().then(setPermission)}>{m.settings.allow}</Button>
      )}
      {preferences.notifications && permission !== 'default' && <p className={controls.hint}>{permission === 'granted' ? m.settings.allowed : m.settings.blocked}</p>}
      <Switch label={m.settings.sounds} checked={preferences.sounds} onChange={(sounds) => set({ sounds })} />
      <Button onClick={strike}>{m.settings.test}</Button>
    </Group>
  );
}
