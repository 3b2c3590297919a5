# bash completion of slotctl                                            -*- shell-script -*-

_slotctl_slots() {
    # Ports and slot names, quietly nothing where slotd cannot be reached.
    slotctl list --json 2>/dev/null |
        grep -o '"\(port\|slot\)":"[^"]\+"' | sed 's/^"[a-z]*":"//; s/"$//' | sort -u
}

_slotctl() {
    local cur prev words cword verb="" word
    _get_comp_words_by_ref -n : cur prev words cword
    for word in "${words[@]:1:cword-1}"; do
        case $word in list|show|plan|reset|hold|release|reload|config|history|top|watch|check|doctor|timeline|replay|metrics|version) verb=$word ;; esac
    done
    case $prev in
        --method) COMPREPLY=($(compgen -W "auto flr bus slot vfio reenumerate" -- "$cur")); return ;;
        --color) COMPREPLY=($(compgen -W "auto always never" -- "$cur")); return ;;
        --socket|--textfile|--html|--journal|--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --reason|--timeout|--for|--incident|--since|--limit) return ;;
    esac
    local all="--help --json --color --socket" options="" slots=""
    case $verb in
        "") options="$all --version list show plan reset hold release reload config history top watch check doctor timeline replay metrics version" ;;
        list|top|watch|version) options=$all ;;
        check) options="$all --npd" ;;
        timeline) options="$all --html --journal last" ;;
        replay) options="$all --config local"; [[ $cur != -* ]] && options+=" $(compgen -f -- "$cur")" ;;
        show|doctor) options=$all slots=y ;;
        metrics) options="$all --textfile" ;;
        plan) options="$all --method" slots=y ;;
        reset) options="$all --method --reason --dry-run --force --wait --timeout" slots=y ;;
        hold) options="$all --reason --for" slots=y ;;
        release) options="$all --reason" slots=y ;;
        reload) options="$all --reason" ;;
        config) options=$all slots=y ;;
        history) options="$all --incident --since --limit" slots=y ;;
    esac
    if [[ $slots && $cur != -* ]]; then
        options+=" $(_slotctl_slots)"
    fi
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
    declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$cur"
}

complete -F _slotctl slotctl
