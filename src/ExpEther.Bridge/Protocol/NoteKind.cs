namespace ExpEther.Bridge.Protocol;

/// <summary>What a note about a function means to the box.</summary>
public enum NoteKind : byte
{
    /// <summary>Something to be told to people beside what else is said.</summary>
    Remark = 0,

    /// <summary>The function waits in its slot, for any time: its host is not there.</summary>
    Waiting = 1,

    /// <summary>The host cannot take it: its monitor refused.</summary>
    NotShown = 2,

    /// <summary>Its monitor is asked to take it, which may take some time; another note follows, or that it is plugged.</summary>
    Asked = 3,
}
