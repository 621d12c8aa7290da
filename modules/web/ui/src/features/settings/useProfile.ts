import { useMutation } from '@tanstack/react-query';
import { api, data } from '../../api/client';
import type { components } from '../../api/schema';
import { m } from '../../messages';
import { profileChanged } from '../../state/session';
import { announce } from '../../state/toasts';

export type ProfilePatch = components['schemas']['ProfilePatch'];

/** Each part saves itself. */
export const useSaveProfile = () =>
  useMutation({
    mutationFn: (patch: ProfilePatch) => data(api.PATCH('/api/auth/me', { body: patch })),
    onSuccess: (profile) => {
      profileChanged(profile);
      announce(m.settings.saved);
    },
  });
