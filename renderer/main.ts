import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { loadPreferences, preference } from './app/preferences.svelte.ts';
import { go } from './app/router.svelte.ts';
import { session } from './cloud/session.svelte.ts';
import { languageFor, setLanguage, type Language } from './i18n/index.svelte.ts';

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no place for the window');
await Promise.all([session.start(), loadPreferences()]);
await setLanguage(
  preference<string>('language', languageFor(session.info?.language ?? navigator.language)) as Language,
);
// A person who is here for the first time begins with the set-up.
if (location.pathname === '/' && !preference('welcomed', false)) go('/welcome', { replace: true });
mount(App, { target });
