# fish completion of slotctl

function __slotctl_slots
    slotctl list --json 2>/dev/null |
        string match -ra '"(?:port|slot)":"[^"]+"' | string replace -r '^"[a-z]+":"(.*)"$' '$1' | sort -u
end

function __slotctl_is
    __fish_seen_subcommand_from $argv
end

set -l verbs list show plan reset hold release reload config history top watch check doctor timeline replay metrics version
complete -c slotctl -f
complete -c slotctl -s h -l help -d 'print help'
complete -c slotctl -l json -d 'print replies as JSON'
complete -c slotctl -l color -x -a 'auto always never' -d 'colour'
complete -c slotctl -l socket -r -F -d 'socket of slotd'
complete -c slotctl -n "not __slotctl_is $verbs" -l version -d 'print the version'
complete -c slotctl -n "not __slotctl_is $verbs" -a list -d 'the ports with their slots and cards'
complete -c slotctl -n "not __slotctl_is $verbs" -a show -d 'everything about one slot'
complete -c slotctl -n "not __slotctl_is $verbs" -a plan -d 'what a reset would do'
complete -c slotctl -n "not __slotctl_is $verbs" -a reset -d 'reset a card, or one function'
complete -c slotctl -n "not __slotctl_is $verbs" -a hold -d 'keep slotd from a slot'
complete -c slotctl -n "not __slotctl_is $verbs" -a release -d 'end a hold or a quarantine'
complete -c slotctl -n "not __slotctl_is $verbs" -a reload -d 'read the configuration files again'
complete -c slotctl -n "not __slotctl_is $verbs" -a config -d 'the configuration in force'
complete -c slotctl -n "not __slotctl_is $verbs" -a history -d 'what slotd remembers'
complete -c slotctl -n "not __slotctl_is $verbs" -a top -d 'the ports on the whole screen'
complete -c slotctl -n "not __slotctl_is $verbs" -a watch -d 'decisions as they are made'
complete -c slotctl -n "not __slotctl_is $verbs" -a check -d 'for a monitoring system'
complete -c slotctl -n "not __slotctl_is $verbs" -a doctor -d 'examine machine and slots'
complete -c slotctl -n "not __slotctl_is $verbs" -a timeline -d 'draw an incident from the journal'
complete -c slotctl -n "not __slotctl_is $verbs" -a replay -d 'what another configuration would have done'
complete -c slotctl -n "not __slotctl_is $verbs" -a metrics -d 'counters for a monitoring system'
complete -c slotctl -n "not __slotctl_is $verbs" -a version -d 'the versions'
complete -c slotctl -n '__slotctl_is show plan reset hold release config history doctor' -a '(__slotctl_slots)'
complete -c slotctl -n '__slotctl_is plan reset' -l method -x -a 'auto flr bus slot vfio reenumerate'
complete -c slotctl -n '__slotctl_is reset hold release reload' -l reason -x -d 'why, for the log'
complete -c slotctl -n '__slotctl_is reset' -l dry-run -d 'touch nothing'
complete -c slotctl -n '__slotctl_is reset' -l force -d 'although it is in use'
complete -c slotctl -n '__slotctl_is reset' -l wait -d 'show the progress'
complete -c slotctl -n '__slotctl_is reset' -l timeout -x -d 'of --wait'
complete -c slotctl -n '__slotctl_is check' -l npd -d 'exit codes of node-problem-detector'
complete -c slotctl -n '__slotctl_is metrics' -l textfile -r -F -d 'write them for node_exporter'
complete -c slotctl -n '__slotctl_is hold' -l for -x -d 'how long'
complete -c slotctl -n '__slotctl_is history' -l incident -x -d 'of one incident'
complete -c slotctl -n '__slotctl_is history' -l since -x -d 'not older'
complete -c slotctl -n '__slotctl_is history' -l limit -x -d 'at most so many'
complete -c slotctl -n '__slotctl_is timeline' -a last -d 'the newest incident'
complete -c slotctl -n '__slotctl_is timeline' -l html -r -F -d 'write a page for a browser'
complete -c slotctl -n '__slotctl_is timeline' -l journal -r -F -d 'a journal file or directory'
complete -c slotctl -n '__slotctl_is replay' -F -a local -d 'the journal of this machine'
complete -c slotctl -n '__slotctl_is replay' -l config -r -F -d 'the other configuration'
