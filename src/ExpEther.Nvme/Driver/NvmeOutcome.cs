namespace ExpEther.Nvme.Driver;

public enum NvmeOutcome : byte
{
    /// <summary>The controller answered; see the status.</summary>
    Completed,

    /// <summary>The device was removed, by surprise or by an orderly stop, before it answered.</summary>
    Removed,

    /// <summary>The controller did not answer in time and the command did not survive the reset that followed.</summary>
    TimedOut,

    /// <summary>The controller reported a fatal status or could not be brought back by a reset.</summary>
    ControllerFailed,

    /// <summary>The driver refused it: no such namespace, beyond its end, or a buffer of the wrong size.</summary>
    InvalidRequest,
}
