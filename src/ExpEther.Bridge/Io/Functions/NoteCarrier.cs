using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Protocol;
using ExpEther.Pcie.Ports;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>
/// Brings what functions note for their next lives to their owners' host bridges, which keep it: the newest whenever the link has taken the one before.
/// </summary>
internal sealed class NoteCarrier
{
    private readonly byte[] _note = new byte[PortLimits.ResumeNoteBytesMax];
    private readonly byte[] _message = new byte[ResumeNoteMessage.BytesMax];

    public void Carry(BusDevice device)
    {
        if (device.Device.Resumable is not { HasNote: true } resumable)
        {
            return;
        }

        foreach (var function in device.Functions)
        {
            if (function is { IsOpen: true, Session.HasToldAll: true } && resumable.TryTakeNote(function.VfIo, _note, out var length))
            {
                var message = new ResumeNoteMessage(function.Number, function.Generation, _note.AsSpan(0, length));
                function.Session.Tell(_message.AsSpan(0, message.Write(_message)));
            }
        }
    }
}
