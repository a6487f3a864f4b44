
# bash takes `:` and `=` for words of their own, and what is completed goes onto the line as it is given.
_runr() {
    local rest=$COMP_LINE typed=$2 word current="" glued at=-1 index=0
    if [[ ${COMP_WORDS[COMP_CWORD]} == [:=]* ]]; then
        # Nothing is typed behind the mark.
        typed=
    fi
    local -a line=()
    for index in "${!COMP_WORDS[@]}"; do
        word=${COMP_WORDS[index]}
        glued=true
        if [[ $at -lt 0 || $rest == [[:space:]]* ]]; then
            glued=false
            rest=${rest#"${rest%%[![:space:]]*}"}
        fi
        rest=${rest#"$word"}
        if [[ $index -eq $COMP_CWORD && -n $typed ]]; then
            # The rest of a word in which the cursor stands does not count, nor does a quote that is open.
            word=$typed
        fi
        if $glued; then
            line[at]+=$word
        else
            at=$((at + 1))
            line[at]=$word
        fi
        if [[ $index -eq $COMP_CWORD ]]; then
            current=$at
            break
        fi
    done
    if [[ ${COMP_WORDS[COMP_CWORD]} != [\"\']* ]]; then
        local -x RUNR_COMPLETE_BARE=1
    fi
    local before=${line[current]%"$typed"}
    local COMP_CWORD=$current
    local -a COMP_WORDS=("${line[@]}")
    _clap_complete_runr "$1" "${line[current]}" "$3"
    for index in "${!COMPREPLY[@]}"; do
        COMPREPLY[index]=${COMPREPLY[index]#"$before"}
    done
}
complete -o nospace -o bashdefault -F _runr runr
