namespace ExpEther.Core.Time;

/// <summary>Where time comes from, for the few who measure rather than act at a time: an owner loop's clock in a daemon, a counted one in tests.</summary>
public interface IClock
{
    Instant Now { get; }
}
