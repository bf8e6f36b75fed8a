namespace ExpEther.RootComplex.Guests;

/// <summary>How it goes with a function that a monitor is to show to its guest.</summary>
public enum GuestShowing
{
    /// <summary>The monitor has it, and shows it to the guest.</summary>
    Shown,

    /// <summary>It waits for something that may take any time: the monitor is not there.</summary>
    Waiting,

    /// <summary>The monitor does not take it.</summary>
    Refused,

    /// <summary>The monitor is there and asked to take it, which may take up to <see cref="GuestLimits.PlugTimeout"/>; another word follows.</summary>
    Asked,
}
