using ExpEther.Linux.Polling;

namespace ExpEther.VfioUser;

/// <summary>
/// What a <see cref="VfioUserServer"/> asks of whoever has the device. Called from the server's Poll, on the owner's thread. Every token that was
/// taken is given back exactly once (<see cref="VfioUserServer.CompleteRead"/>, <see cref="VfioUserServer.CompleteWrite"/>), never within the call.
/// </summary>
public interface IVfioUserDevice
{
    /// <summary>Whether the device can be described now. Until it is, a client's questions wait, within the server's limit.</summary>
    bool IsReady { get; }

    /// <summary>Size and rights of a region (VFIO numbers: 0 to 5 BARs, 6 ROM, 7 configuration space); size 0: not there.</summary>
    VfioUserRegion RegionOf(int index);

    /// <summary>How many interrupts of a kind (0 INTx, 1 MSI, 2 MSI-X, 3 error, 4 request).</summary>
    int InterruptsOf(int index);

    /// <summary>A client has negotiated its version.</summary>
    void OnConnected();

    /// <summary>The client is gone, or was closed for the reason given; nothing of it is owed any more, its memory is unmapped.</summary>
    void OnDisconnected(string reason);

    /// <summary>An access within a region.</summary>
    /// <returns>False: no room now; offered again, and everything behind it waits.</returns>
    bool TryRead(int region, ulong offset, int bytes, ulong token);

    /// <summary>An access within a region; <paramref name="isPosted"/>: nobody waits, and its token is not given back.</summary>
    bool TryWrite(int region, ulong offset, ReadOnlySpan<byte> data, ulong token, bool isPosted);

    /// <summary>DEVICE_RESET; ends by CompleteWrite.</summary>
    bool TryReset(ulong token);

    /// <summary>The client listens to an interrupt from now on by this event, or (null) no more. The server owns the event.</summary>
    void OnInterruptEvent(int index, int vector, EventFd? wake);

    /// <summary>The client has changed its mapped memory.</summary>
    void OnMemoryChanged();
}
