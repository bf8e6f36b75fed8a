namespace ExpEther.Nvme.Controller.Commands;

internal enum SlotState : byte
{
    Free,

    /// <summary>The command is being carried out.</summary>
    Running,

    /// <summary>An Asynchronous Event Request that waits for an event.</summary>
    Parked,

    /// <summary>Done: data and completion entry wait to leave, or for room in the completion queue.</summary>
    Finishing,

    /// <summary>A reset ended the command, but a backend still has its buffer.</summary>
    Orphaned,
}
