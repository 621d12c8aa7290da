import { useNavigate } from '@tanstack/react-router';
import { m } from '../../messages';
import { helpOpen, signOutAsked } from '../../state/surfaces';
import { MenuItem, MenuLine } from '../../ui/Menu';

export function AccountMenu() {
  const navigate = useNavigate();
  return (
    <>
      <MenuItem onSelect={() => void navigate({ to: '/settings/$part', params: { part: 'profile' } })}>{m.nav.settings}</MenuItem>
      <MenuItem onSelect={() => helpOpen.set(true)} keys="?">
        {m.nav.help}
      </MenuItem>
      <MenuLine />
      <MenuItem onSelect={() => signOutAsked.set(true)}>{m.nav.signOut}</MenuItem>
    </>
  );
}
