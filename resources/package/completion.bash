# bash completion for deskcloud
_deskcloud() {
	local cur prev words cword
	_init_completion 2>/dev/null || {
		cur=${COMP_WORDS[COMP_CWORD]}
		prev=${COMP_WORDS[COMP_CWORD - 1]}
	}
	case $prev in
	--directory)
		COMPREPLY=($(compgen -d -- "$cur"))
		return
		;;
	--config)
		COMPREPLY=($(compgen -f -- "$cur"))
		return
		;;
	--host)
		COMPREPLY=($(compgen -W 'linux simulated' -- "$cur"))
		return
		;;
	image)
		COMPREPLY=($(compgen -W 'list get' -- "$cur"))
		return
		;;
	get)
		COMPREPLY=($(compgen -W "$(deskcloud image list 2>/dev/null | cut -d' ' -f1)" -- "$cur"))
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W '--directory --config --port --host --help --version' -- "$cur"))
		return
	fi
	COMPREPLY=($(compgen -W 'start open up down status demo check trace env helper image reset uninstall help' -- "$cur"))
}
complete -F _deskcloud deskcloud
