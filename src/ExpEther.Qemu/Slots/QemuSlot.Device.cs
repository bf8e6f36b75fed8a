using ExpEther.Linux.Polling;
using ExpEther.VfioUser;

namespace ExpEther.Qemu.Slots;

/// <content>The function as its client meets it: regions, interrupts, accesses.</content>
internal sealed partial class QemuSlot
{
    public VfioUserRegion RegionOf(int index)
    {
        if (Describe() is not { } function)
        {
            return default;
        }

        if (index == ConfigRegion)
        {
            return new VfioUserRegion(ConfigBytes);
        }

        foreach (var bar in function.Bars)
        {
            if (bar.Index == index)
            {
                return new VfioUserRegion(bar.SizeBytes);
            }
        }

        return default;
    }

    public int InterruptsOf(int index) =>
        Describe() is not { } function ? 0
        : index == MsixInterrupts && _interrupts.Mode == InterruptMode.EventFd ? function.MsixVectors
        : index == RequestInterrupts ? 1
        : 0;

    /// <summary>Who has connected asks, and gets to know the function then.</summary>
    public void OnConnected()
    {
    }

    public void OnDisconnected(string reason)
    {
        NeedsReset |= IsTaken;
        _function = null;
        _isLeaving = false;
        _reach.Forget();
        Request.Clear();
        _endedCount = 0;
        _clientReset = PostedToken;
        _managed.Clear();
        ClientChanged?.Invoke();
    }

    public bool TryRead(int region, ulong offset, int bytes, ulong token)
    {
        if (Guest is not { } guest)
        {
            return false;
        }

        if (region != ConfigRegion)
        {
            return _reach.MayGo(guest) && guest.TryReadMemory(region, offset, bytes, token);
        }

        if (!_filter.TryTrack(token, (int)offset, bytes))
        {
            return false;
        }

        if (guest.TryReadConfig((int)offset, bytes, token))
        {
            return true;
        }

        _filter.Forget(token);
        return false;
    }

    public bool TryWrite(int region, ulong offset, ReadOnlySpan<byte> data, ulong token, bool isPosted)
    {
        if (Guest is not { } guest || _endedCount == _endedWrites.Length)
        {
            return false;
        }

        if (region == ConfigRegion)
        {
            var place = (int)offset;
            if ((_reach.IsPlacing && place < EndOfBars)
                || !guest.TryWriteConfig(place, _filter.OfWrite(place, data, _reach.IsKept), isPosted ? PostedToken : token))
            {
                return false;
            }

            if (place <= CommandRegister && place + data.Length > CommandRegister)
            {
                var command = data[CommandRegister - place];
                _reach.OnChanged(isDecoding: (command & CommandMemory) != 0, isReset: false);
                if ((command & CommandEnables) != 0)
                {
                    IsEnabled = true;
                    _changed.Set();
                }
            }

            if (_function is { MsixOffset: > 0 } f && place < f.MsixOffset + MsixControlBytes && place + data.Length > f.MsixOffset)
            {
                _managed.Renew();
            }

            return true;
        }

        if (!_reach.MayGo(guest) || !guest.TryWriteMemory(region, offset, data))
        {
            return false;
        }

        if (!isPosted)
        {
            _endedWrites[_endedCount++] = token;
        }

        return true;
    }

    public bool TryReset(ulong token)
    {
        if (Guest is not { } guest || _reach.IsPlacing || !guest.TryReset(token))
        {
            return false;
        }

        Counters.ClientResets++;
        _clientReset = token;
        _reach.OnChanged(isDecoding: false, isReset: true);
        return true;
    }

    public void OnInterruptEvent(int index, int vector, EventFd? wake)
    {
        if (index == MsixInterrupts && _interrupts.Mode == InterruptMode.EventFd)
        {
            _managed.Use(vector, wake);
        }
        else if (index == RequestInterrupts)
        {
            Request.Use(wake);
        }
    }

    /// <summary>Where the memory is, the server knows by itself.</summary>
    public void OnMemoryChanged()
    {
    }

    public void OnRead(ulong token, ReadOnlySpan<byte> data) => Server.CompleteRead(token, _filter.OfRead(token, data));

    public void OnWritten(ulong token, bool isDone)
    {
        if (token >= OwnTokens)
        {
            if (token == _ownReset)
            {
                _ownResetDone = isDone;
                _changed.Set();
            }

            return;
        }

        if (token == _clientReset)
        {
            _clientReset = PostedToken;
            _filter.Reveal();
            _managed.Renew();
            _managed.Enable();
        }

        Server.CompleteWrite(token, isDone);
    }
}
