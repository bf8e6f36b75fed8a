using ExpEther.Core.Scheduling;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Slots;

/// <summary>
/// Sees to it that a client's accesses of BARs reach the function. A virtual machine's monitor sends none while decoding is off; one that comes then is
/// of a client that leaves BARs and Memory Space Enable alone, as VFIO lets it, and waits until both are set (<see cref="GuestSlot.PlaceAsync"/>).
/// </summary>
internal sealed class BarReach(OwnerScheduler scheduler)
{
    private uint _clients;
    private bool _isBeyond;

    /// <summary>BARs and Command are being written here: the client's own writes of them wait.</summary>
    public bool IsPlacing { get; private set; }

    /// <summary>Decoding was turned on here, and the client has not turned it on since: its writes of Command leave it on.</summary>
    public bool IsKept { get; private set; }

    /// <returns>False: not yet, and soon.</returns>
    public bool MayGo(GuestSlot guest)
    {
        if (guest.IsDecoding || _isBeyond)
        {
            return true;
        }

        if (!IsPlacing)
        {
            IsPlacing = true;
            scheduler.Start(async () =>
            {
                var client = _clients;
                var isPlaced = await guest.PlaceAsync();
                IsPlacing = false;

                // Accesses of a function that does not answer end in all-ones.
                var isStill = client == _clients;
                (IsKept, _isBeyond) = (isStill && isPlaced, isStill && !guest.IsDecoding);
            });
        }

        return false;
    }

    /// <summary>The client has written Command, or reset the function.</summary>
    /// <param name="isDecoding">The client itself has turned decoding on.</param>
    /// <param name="isReset">What was set is gone.</param>
    public void OnChanged(bool isDecoding, bool isReset) => (IsKept, _isBeyond) = (IsKept && !isDecoding && !isReset, false);

    /// <summary>The client is gone.</summary>
    public void Forget()
    {
        _clients++;
        (IsKept, _isBeyond) = (false, false);
    }
}
